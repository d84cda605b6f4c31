"""The publishers whose files are known here: one module for each source, which calls its adapter ``ADAPTER``.

:data:`ingest.registry.BUILT_IN` lists them in the order in which they are taken in.
"""
