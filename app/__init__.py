"""The service: documents, use cases, jobs, HTTP and command line."""
