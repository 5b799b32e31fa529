"""A client of an application in this process, as one on the same machine would ask it."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

ORIGIN = "http://localhost"  # to any other name a service without log-in answers 421


def local_client(app: FastAPI) -> TestClient:
    """One that is told of unforeseen errors as all are, by an answer."""
    return TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
