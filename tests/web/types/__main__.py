"""Writes the service's OpenAPI document to standard output."""

import json
import sys

from app.main import create_app
from app.settings import Settings

json.dump(create_app(Settings(database_url="sqlite:///never-opened.db")).openapi(), sys.stdout)
