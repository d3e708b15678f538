// The class std::string of libc++ and nothing else of its string.cpp: see runtime.js.
#include <string>

template class std::basic_string<char>;
