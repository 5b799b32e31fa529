"""Road networks: read from files, snapped to, and searched for shortest times.

Files are named on the command line by whoever runs it; nothing that comes in over HTTP gets here.
"""
