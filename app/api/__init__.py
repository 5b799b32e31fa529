"""The HTTP interface: thin routes, problem documents, the OpenAPI document."""
