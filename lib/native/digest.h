// SHA-1 by the OpenSSL inside the running Node, for the entity tags of whole responses: computed
// where the payload lies, without a call from JavaScript. Nothing secret rests on it. The low-level
// functions are used because the newer ones look an algorithm up by name at each call, which costs
// more than the digest.
#ifndef LANDSPOUT_DIGEST_H_
#define LANDSPOUT_DIGEST_H_

#include <cstddef>

extern "C" {
int SHA1_Init(void* context);
int SHA1_Update(void* context, const void* data, size_t length);
int SHA1_Final(unsigned char* digest, void* context);
}

namespace landspout {

inline constexpr size_t kSha1HexBytes = 40;

// Writes the 40 hexadecimal digits of the SHA-1 of `data`.
inline void Sha1Hex(const char* data, size_t length, char* out) {
  alignas(16) unsigned char context[256];  // SHA_CTX takes 96
  unsigned char digest[20];
  SHA1_Init(context);
  SHA1_Update(context, data, length);
  SHA1_Final(digest, context);
  for (const unsigned char byte : digest) {
    *out++ = "0123456789abcdef"[byte >> 4];
    *out++ = "0123456789abcdef"[byte & 15];
  }
}

}  // namespace landspout

#endif  // LANDSPOUT_DIGEST_H_
