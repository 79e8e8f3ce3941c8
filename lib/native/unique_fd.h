// UniqueFd: one owner per descriptor. Whoever holds it closes it; everyone else holds an int and
// may not.
#ifndef LANDSPOUT_UNIQUE_FD_H_
#define LANDSPOUT_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace landspout {

class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }

  // Not retried on EINTR: Linux has freed the number by then, and a second close(2) could hit
  // whoever was given it next.
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

}  // namespace landspout

#endif  // LANDSPOUT_UNIQUE_FD_H_
