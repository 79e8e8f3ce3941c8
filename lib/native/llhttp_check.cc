// Refuses to load beside an llhttp whose symbols or numbers are not those of llhttp_abi.h. Called
// once per environment by addon.cc; process.versions.llhttp is checked by lib/native/addon.ts.
#include <dlfcn.h>

#include <cstring>

#include "llhttp_abi.h"

namespace landspout {

const char* LlhttpProblem() {
  static constexpr const char* kSymbols[] = {
      "llhttp_init", "llhttp_reset", "llhttp_execute", "llhttp_resume", "llhttp_get_error_pos",
      "llhttp_get_method", "llhttp_get_http_major", "llhttp_get_http_minor", "llhttp_get_upgrade",
      "llhttp_should_keep_alive", "llhttp_errno_name", "llhttp_method_name",
      // Came with 9.3 together with the callback on_protocol, which shifted all later ones.
      "llhttp__on_protocol"};
  for (const char* symbol : kSymbols) {
    if (::dlsym(RTLD_DEFAULT, symbol) == nullptr) {
      return "this Node does not export llhttp >= 9.3; landspout needs Node 20.20 or later, not "
             "built with "
             "--shared-http-parser";
    }
  }
  struct Named {
    int number;
    const char* name;
  };
  static constexpr Named kErrors[] = {
      {HPE_UNEXPECTED_CONTENT_LENGTH, "HPE_UNEXPECTED_CONTENT_LENGTH"},
      {HPE_INVALID_METHOD, "HPE_INVALID_METHOD"},
      {HPE_INVALID_VERSION, "HPE_INVALID_VERSION"},
      {HPE_INVALID_CONTENT_LENGTH, "HPE_INVALID_CONTENT_LENGTH"},
      {HPE_PAUSED, "HPE_PAUSED"},
      {HPE_PAUSED_UPGRADE, "HPE_PAUSED_UPGRADE"},
      {HPE_USER, "HPE_USER"}};
  for (const Named& error : kErrors) {
    if (std::strcmp(llhttp_errno_name(error.number), error.name) != 0) {
      return "the llhttp of this Node numbers its errors differently from llhttp 9.3; update "
             "landspout";
    }
  }
  static constexpr Named kMethods[] = {{HTTP_GET, "GET"},         {HTTP_POST, "POST"},
                                       {HTTP_CONNECT, "CONNECT"}, {HTTP_OPTIONS, "OPTIONS"},
                                       {HTTP_PATCH, "PATCH"},     {HTTP_LAST_PLAIN, "UNLINK"}};
  for (const Named& method : kMethods) {
    if (std::strcmp(llhttp_method_name(method.number), method.name) != 0) {
      return "the llhttp of this Node numbers its methods differently from llhttp 9.3; update "
             "landspout";
    }
  }
  return nullptr;
}

}  // namespace landspout
