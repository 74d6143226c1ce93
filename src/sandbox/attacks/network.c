/* Reaching services of the host, or the world, through sockets. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

/* PORT: on the loopback. */
static int connect_tcp(int argc, char** argv) {
  if (argc < 1) return 2;
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)atoi(argv[0]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) {
    return refused("connect");
  }
  return 0;
}

/* NAME: an abstract socket, which has no file that could be hidden. */
static int connect_abstract(int argc, char** argv) {
  if (argc < 1) return 2;
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path + 1, argv[0], sizeof address.sun_path - 2);
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[0]));
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, size) != 0) return refused("connect");
  return 0;
}

/* Sending a datagram to the world needs a route. */
static int send_udp(int argc, char** argv) {
  (void)argc;
  (void)argv;
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, for documentation */
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) {
    return refused("find a route");
  }
  return 0;
}

/* FAMILY TYPE PROTOCOL: whether such a socket can be asked for at all. */
static int make_socket(int argc, char** argv) {
  if (argc < 3) return 2;
  const int fd = socket(atoi(argv[0]), atoi(argv[1]), atoi(argv[2]));
  return reached(fd, "socket");
}

const struct attack network_attacks[] = {{"tcp", connect_tcp},
                                         {"abstract", connect_abstract},
                                         {"udp", send_udp},
                                         {"socket", make_socket},
                                         {0, 0}};
