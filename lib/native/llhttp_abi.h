// Prototypes of the llhttp inside the running Node (>= 9.3), and the order of its callbacks.
// Nothing is linked: the node executable exports these symbols, and llhttp_check.cc refuses to load
// beside one that does not. The layout of llhttp_t is llhttp's own: LLHTTP_BYTES of room are
// reserved for it (96 are used today) and only accessors touch it.
#ifndef LANDSPOUT_LLHTTP_ABI_H_
#define LANDSPOUT_LLHTTP_ABI_H_

#include <cstddef>
#include <cstdint>

extern "C" {

typedef struct llhttp_opaque llhttp_t;
typedef int (*llhttp_data_cb)(llhttp_t*, const char* at, size_t length);
typedef int (*llhttp_cb)(llhttp_t*);

struct llhttp_settings_t {
  llhttp_cb on_message_begin;
  llhttp_data_cb on_protocol;
  llhttp_data_cb on_url;
  llhttp_data_cb on_status;
  llhttp_data_cb on_method;
  llhttp_data_cb on_version;
  llhttp_data_cb on_header_field;
  llhttp_data_cb on_header_value;
  llhttp_data_cb on_chunk_extension_name;
  llhttp_data_cb on_chunk_extension_value;
  llhttp_cb on_headers_complete;
  llhttp_data_cb on_body;
  llhttp_cb on_message_complete;
  llhttp_cb on_protocol_complete;
  llhttp_cb on_url_complete;
  llhttp_cb on_status_complete;
  llhttp_cb on_method_complete;
  llhttp_cb on_version_complete;
  llhttp_cb on_header_field_complete;
  llhttp_cb on_header_value_complete;
  llhttp_cb on_chunk_extension_name_complete;
  llhttp_cb on_chunk_extension_value_complete;
  llhttp_cb on_chunk_header;
  llhttp_cb on_chunk_complete;
  llhttp_cb on_reset;
  void* reserved[8];  // a later llhttp may append callbacks: they read as absent
};

void llhttp_init(llhttp_t* parser, int type, const llhttp_settings_t* settings);
void llhttp_reset(llhttp_t* parser);
int llhttp_execute(llhttp_t* parser, const char* data, size_t length);
void llhttp_resume(llhttp_t* parser);
const char* llhttp_get_error_pos(const llhttp_t* parser);
uint8_t llhttp_get_method(llhttp_t* parser);
uint8_t llhttp_get_http_major(llhttp_t* parser);
uint8_t llhttp_get_http_minor(llhttp_t* parser);
uint8_t llhttp_get_upgrade(llhttp_t* parser);
int llhttp_should_keep_alive(const llhttp_t* parser);
const char* llhttp_errno_name(int error);
const char* llhttp_method_name(int method);

}  // extern "C"

namespace landspout {

inline constexpr size_t LLHTTP_BYTES = 256;
inline constexpr int LLHTTP_REQUEST = 1;

enum LlhttpError : int {
  HPE_OK = 0,
  HPE_LF_EXPECTED = 3,
  HPE_UNEXPECTED_CONTENT_LENGTH = 4,
  HPE_INVALID_METHOD = 6,
  HPE_INVALID_URL = 7,
  HPE_INVALID_CONSTANT = 8,
  HPE_INVALID_VERSION = 9,
  HPE_INVALID_HEADER_TOKEN = 10,
  HPE_INVALID_CONTENT_LENGTH = 11,
  HPE_INVALID_CHUNK_SIZE = 12,
  HPE_INVALID_TRANSFER_ENCODING = 15,
  HPE_PAUSED = 21,
  HPE_PAUSED_UPGRADE = 22,
  HPE_PAUSED_H2_UPGRADE = 23,
  HPE_USER = 24,
  HPE_CR_EXPECTED = 25,
};

enum LlhttpMethod : int {
  HTTP_DELETE = 0,
  HTTP_GET = 1,
  HTTP_HEAD = 2,
  HTTP_POST = 3,
  HTTP_PUT = 4,
  HTTP_CONNECT = 5,
  HTTP_OPTIONS = 6,
  HTTP_PATCH = 28,
  HTTP_LAST_PLAIN =
      32,  // UNLINK; above it SOURCE, PRI and RTSP's, which llhttp does not pair with HTTP/1.1
};

// Null if the llhttp of this process is one the addon knows; else the sentence to throw.
const char* LlhttpProblem();

}  // namespace landspout

#endif  // LANDSPOUT_LLHTTP_ABI_H_
