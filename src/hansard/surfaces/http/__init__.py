"""The HTTP door: the table of operations as routes, events as a stream, MCP beside them; all behind tokens."""
