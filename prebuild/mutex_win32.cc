// The mutex functions behind libc++'s atomic operations on shared_ptr, in place of libc++'s
// thread_win32.cpp, which would add threads and clocks. The addon does not use them, but libc++'s
// memory.cpp refers to them.
#include <windows.h>

#include <mutex>

_LIBCPP_BEGIN_NAMESPACE_STD

int __libcpp_mutex_lock(__libcpp_mutex_t* mutex) {
  AcquireSRWLockExclusive(reinterpret_cast<PSRWLOCK>(mutex));
  return 0;
}

int __libcpp_mutex_unlock(__libcpp_mutex_t* mutex) {
  ReleaseSRWLockExclusive(reinterpret_cast<PSRWLOCK>(mutex));
  return 0;
}

_LIBCPP_END_NAMESPACE_STD
