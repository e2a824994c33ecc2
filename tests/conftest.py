"""Settings of all tests: an example of a property test has no deadline, since a busy machine misses any."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
