"""The gRPC service: submissions, durable synchronizations, offers. Not built yet: this package is empty.

What it will do stands on the same engine as the command line (`agents.synchronize`); nothing here can be called today.
"""
