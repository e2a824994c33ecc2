"""An S3 server on loopback for tests, and how they put files there."""

import os
from contextlib import contextmanager

import pytest

from cleaner.storage import object_store as stores

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def serving():
    """Starts the server in a thread, on a free port, and names it to all libraries and processes by the environment."""
    server_module = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*server.get_host_and_port()))
        patch.setenv("NO_PROXY", "127.0.0.1")
        forget()
        yield
        forget()
    server.stop()


def forget():
    """What is opened from now on asks the environment again where the server is."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    stores._filesystem.cache_clear()


def filesystem():
    import fsspec

    return fsspec.filesystem("s3", use_listings_cache=False)


def upload(folder, url):
    """Copies a folder into a bucket, and gives its files the times of their objects: what archives tell of them."""
    files = filesystem()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            address = f"{url}/{path.relative_to(folder).as_posix()}"
            files.pipe_file(address, path.read_bytes())
            when = int(files.info(address)["LastModified"].timestamp())
            os.utime(path, (when, when))


def contents(url):
    """All objects under a URL by their names."""
    files = filesystem()
    root = url.removeprefix("s3://")
    return {path[len(root) + 1 :]: files.cat_file(path) for path in files.find(root)}
