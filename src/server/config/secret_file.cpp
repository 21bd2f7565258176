#include "server/config/secret_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace chat::server {
namespace {

constexpr mode_t kModeBits = 07777;
constexpr std::size_t kSecretMaxBytes = 4096;

tl::unexpected<Error> refuse_mode(const std::string& path, const char* what, mode_t mode) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} {}, and its mode {:04o} lets others access it: chmod 600 {}", path,
                          what, mode & kModeBits, path));
}

tl::unexpected<Error> refuse_unreadable(const std::string& path) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("cannot read {}: {}", path, std::strerror(errno)));
}

bool only_for_those_it_is_meant_for(const struct stat& status) {
  const mode_t others = status.st_uid == 0 ? S_IRWXO | S_IWGRP | S_IXGRP : S_IRWXO | S_IRWXG;
  return (status.st_mode & others) == 0;
}

}  // namespace

Result<void> check_private(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return refuse_unreadable(path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return refuse_mode(path, "holds a password", status.st_mode);
}

Result<std::string> read_secret(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return refuse_unreadable(path);
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} is a folder", path));
  }
  if (!only_for_those_it_is_meant_for(status)) {
    return refuse_mode(path, "is meant to hold a secret", status.st_mode);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return refuse_unreadable(path);
  std::string text(kSecretMaxBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace chat::server
