"""Serves the application `app` of a module with a thread for each request: `wsgi_server.py MODULE`. Prints the port."""

import sys
from importlib import import_module
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    sys.path.insert(0, ".")
    server = make_server("127.0.0.1", 0, import_module(sys.argv[1]).app, server_class=Server, handler_class=Quiet)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
