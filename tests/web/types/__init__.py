"""The documents that the page reads and sends, described by the service itself."""
