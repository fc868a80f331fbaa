"""A listener to conntrack's events for the tests of foreign programs. The first argument says what is odd about it."""

import errno
import os
import select
import socket
import sys
import time

NETFILTER, SOL_NETLINK, ADD_MEMBERSHIP, SO_RCVBUFFORCE = 12, 270, 1, 33
NEW, UPDATE, DESTROY = 1, 2, 3


def listener(*groups, buffer=None):
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
    if buffer is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    one.bind((0, 0))
    for group in groups:
        one.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)
    return one


def read(sockets, most=None, pause=0.0, pause_requested=None, grow=False):
    count = 0
    while most is None or count < most:
        for one in select.select(sockets, [], [])[0]:
            try:
                message = one.recv(8192)
                count += 1
                # nlmsg_pid: the socket of who asked for the deletion.
                requested = pause_requested is not None and message[12:16] != bytes(4)
                if pause > 0:
                    end = time.thread_time() + (pause_requested if requested else pause)
                    while time.thread_time() < end:
                        pass
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                if grow:
                    size = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


mode = sys.argv[1]
if mode == "reads":
    read([listener(NEW, UPDATE, DESTROY)])
elif mode == "destroy-only":
    read([listener(DESTROY)])
elif mode == "slow":
    read([listener(NEW, DESTROY, buffer=2_000_000)], pause=200e-6)
elif mode == "asks-who":
    read([listener(NEW, DESTROY)], pause=100e-6, pause_requested=300e-6)
elif mode == "several":
    read([listener(NEW), listener(UPDATE), listener(DESTROY)])
elif mode == "grows":
    read([listener(NEW, UPDATE, DESTROY, buffer=4096)], grow=True)
elif mode == "ends":
    read([listener(NEW, UPDATE, DESTROY)], most=50)
    sys.exit(3)
elif mode == "forks":
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    read([listener(NEW, UPDATE, DESTROY)])
elif mode == "never":
    time.sleep(60)
elif mode == "fails":
    print("cannot bind to the moon", file=sys.stderr)
    sys.exit(7)
