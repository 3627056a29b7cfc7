"""The door for assistants: the operations as tools of the Model Context Protocol, over stdio and over HTTP.

A loop over the table of operations (``tools``), on the official SDK's low-level server (``server``). What an assistant
holds is the id of its dialogue; a connection holds nothing, so that both eras of the protocol are served alike. Nothing
here is imported before a server starts: the SDK alone takes half a second.
"""
