// std::string alone, in place of libc++'s string.cpp. See runtime.js.
#include <string>

template class std::basic_string<char>;
