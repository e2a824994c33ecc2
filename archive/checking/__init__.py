"""What an archive is worth: verified, repaired, restored, with originals that lie in other files."""
