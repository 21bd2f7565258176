#pragma once

// The sanitizer that this program is built with: 1 or 0, usable in the preprocessor.
#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer)
#define CHAT_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define CHAT_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(CHAT_ADDRESS_SANITIZER)
#define CHAT_ADDRESS_SANITIZER 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(CHAT_THREAD_SANITIZER)
#define CHAT_THREAD_SANITIZER 1
#endif
#ifndef CHAT_ADDRESS_SANITIZER
#define CHAT_ADDRESS_SANITIZER 0
#endif
#ifndef CHAT_THREAD_SANITIZER
#define CHAT_THREAD_SANITIZER 0
#endif
