// Bytes of an open file, by position: the file's own position is never used or moved, so that any
// number of responses may share a descriptor.
//
// A descriptor that cannot be read by position (a pipe, a socket, a terminal) is refused by the
// kernel with ESPIPE and a directory with EISDIR or EINVAL, at once: none can block the loop.
// What can block it is a regular file whose pages are not in the page cache, for as long as the
// disk takes (a virtual disk: 2 MiB in 1.4 ms, 15 ms at worst). The kernel's own readahead is
// relied on: posix_fadvise(2) WILLNEED before each share of a turn blocked longer itself, and cost
// 40 us where all was in the cache already.
#ifndef LANDSPOUT_FILE_SEND_H_
#define LANDSPOUT_FILE_SEND_H_

#include <cstddef>
#include <cstdint>

#include "transport.h"

namespace landspout {

// Reads exactly `length` bytes. 0, or -errno; -ENODATA: the file ends before.
int ReadFile(int file, uint64_t position, char* into, size_t length);

// Sends up to `length` > 0 bytes of the file, by sendfile(2) where there is no transport. Bytes
// taken, fewer if the socket is full or the file ends: the next call tells which. Or -errno;
// -EAGAIN: the socket is full, -ENODATA: the file ends at `position`.
ssize_t SendFile(Transport* transport, int fd, int file, uint64_t position, size_t length);

}  // namespace landspout

#endif  // LANDSPOUT_FILE_SEND_H_
