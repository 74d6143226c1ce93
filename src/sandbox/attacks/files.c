/* Reaching files that are not the sandbox's. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attack.h"

/* PATH...: any of them can be read. */
static int read_files(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) {
    char byte;
    const int fd = open(argv[i], O_RDONLY | O_NONBLOCK);
    if (fd < 0) {
      refused(argv[i]);
      continue;
    }
    struct stat info;
    fstat(fd, &info);
    if (S_ISDIR(info.st_mode) || read(fd, &byte, 1) == 1) {
      printf("read %s\n", argv[i]);
      return 0;
    }
    refused(argv[i]);
    close(fd);
  }
  return 1;
}

/* PATH: can be created or changed. */
static int write_file(int argc, char** argv) {
  if (argc < 1) return 2;
  const int fd = open(argv[0], O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0 || write(fd, "x", 1) != 1) return refused(argv[0]);
  return 0;
}

static int list_folder(int argc, char** argv) {
  if (argc < 1) return 2;
  return opendir(argv[0]) ? 0 : refused(argv[0]);
}

/* A link to PATH in the current folder, followed. */
static int follow_link(int argc, char** argv) {
  if (argc < 1) return 2;
  unlink("attack-link");
  if (symlink(argv[0], "attack-link") != 0) return refused("symlink");
  char* names[] = {"attack-link"};
  const int result = read_files(1, names);
  unlink("attack-link");
  return result;
}

static int make_device(int argc, char** argv) {
  if (argc < 1) return 2;
  unlink(argv[0]);
  if (mknod(argv[0], S_IFCHR | 0666, makedev(1, 3)) != 0) return refused("mknod");
  const int fd = open(argv[0], O_RDONLY);
  unlink(argv[0]);
  return fd >= 0 ? 0 : refused("open the device");
}

static int change_root(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return chroot("/usr") == 0 ? 0 : refused("chroot");
}

/* Descriptors beyond the streams that somebody forgot to close. */
static int find_descriptors(int argc, char** argv) {
  (void)argc;
  (void)argv;
  for (int fd = 3; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) {
      printf("descriptor %d is open\n", fd);
      return 0;
    }
  }
  errno = EBADF;
  return refused("find a descriptor");
}

/* One level up from each stream's folder, in case a stream is a file of the host. */
static int climb(int argc, char** argv) {
  if (argc < 1) return 2;
  char path[4096];
  for (int up = 1; up < 40; ++up) {
    char dots[256] = "";
    for (int i = 0; i < up; ++i) strcat(dots, "../");
    snprintf(path, sizeof path, "%s%s", dots, argv[0] + 1);
    char* names[] = {path};
    if (read_files(1, names) == 0) return 0;
  }
  return 1;
}

const struct attack file_attacks[] = {{"read", read_files},
                                      {"write", write_file},
                                      {"list", list_folder},
                                      {"follow-link", follow_link},
                                      {"device", make_device},
                                      {"chroot", change_root},
                                      {"descriptors", find_descriptors},
                                      {"climb", climb},
                                      {0, 0}};
