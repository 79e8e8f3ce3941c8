// Bytes: a growable byte buffer with geometric growth, for what must be kept across turns (a head
// that arrives in pieces, input held back). Malloc, not new: the addon is built without exceptions.
#ifndef LANDSPOUT_BYTES_H_
#define LANDSPOUT_BYTES_H_

#include <cstdlib>
#include <cstring>
#include <utility>

namespace landspout {

class Bytes {
 public:
  Bytes() = default;
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    if (this != &other) {
      std::free(data_);
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { std::free(data_); }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void Append(const char* bytes, size_t length) {
    if (length == 0) return;
    if (length > capacity_ - size_) Grow(size_ + length);
    std::memcpy(data_ + size_, bytes, length);
    size_ += length;
  }
  void Truncate(size_t size) {
    if (size < size_) size_ = size;
  }
  // Empties the buffer; gives the memory back if it holds more than `keep` bytes.
  void Clear(size_t keep) {
    size_ = 0;
    if (capacity_ > keep) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
    }
  }

 private:
  void Grow(size_t needed) {
    size_t capacity = capacity_ == 0 ? 512 : capacity_;
    while (capacity < needed) capacity *= 2;
    void* grown = std::realloc(data_, capacity);
    // Out of memory is not survivable in a process that shares its heap with V8, which aborts too.
    if (grown == nullptr) std::abort();
    data_ = static_cast<char*>(grown);
    capacity_ = capacity;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_BYTES_H_
