"""What several test files need: cases, folders, outlets, a test server; no tests."""
