"""One worker, because all other servers are single processes. It ends with its parent process."""
import ctypes
import signal

bind = '127.0.0.1:0'
workers = 1
worker_class = 'sync'
timeout = 30
graceful_timeout = 1
wsgi_app = 'wsgi:application'

PR_SET_PDEATHSIG = 1


def end_with_parent(number):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def on_starting(server):
    end_with_parent(signal.SIGTERM)


def post_fork(server, worker):
    end_with_parent(signal.SIGKILL)
