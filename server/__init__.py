"""The gRPC service: what the participants' own systems speak to.

It stores, enqueues and streams, and never negotiates itself: workers (`server.durable`) drive the same engine as the
command line, and the database is all that lies between them.
"""
