"""Deadlines, limits and flow control in the process that holds the connections of clients.

Ray Serve's HTTP server (the proxy, or the ingress replica itself behind HAProxy) calls the hook
that `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH` names when it starts.
"""
