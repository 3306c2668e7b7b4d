"""What guards the socket: deadlines, caps and flow control in the process that holds connections.

Ray Serve's HTTP server (the proxy, or the ingress replica itself behind HAProxy) calls the hook as
it starts, where `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH` names it.
"""
