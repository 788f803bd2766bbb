/* Options on a command line, as many CUDA programs read them: -name, --name, --name=value. */
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <strings.h>

#define STRCASECMP strcasecmp
#define STRNCASECMP strncasecmp
#define STRCPY(to, size, from) strcpy(to, from)
#define FOPEN(file, name, mode) ((file) = fopen(name, mode))
#define FOPEN_FAIL(result) ((result) == NULL)
#define SSCANF sscanf
#define SPRINTF sprintf
#define EXIT_WAIVED 2

/* What follows the name of an option, "" where nothing does; null where it is not given. */
inline const char *anyroc_option(int count, const char **arguments, const char *name)
{
    size_t length = strlen(name);
    for (int i = 1; i < count; ++i) {
        const char *option = arguments[i] + strspn(arguments[i], "-");
        if (option == arguments[i] || strncasecmp(option, name, length) != 0)
            continue;
        if (option[length] == '=' || option[length] == ':')
            return option + length + 1;
        if (option[length] == '\0')
            return option + length;
    }
    return nullptr;
}

inline bool checkCmdLineFlag(int count, const char **arguments, const char *name)
{
    return anyroc_option(count, arguments, name) != nullptr;
}
inline int getCmdLineArgumentInt(int count, const char **arguments, const char *name)
{
    const char *value = anyroc_option(count, arguments, name);
    return value == nullptr ? 0 : atoi(value);
}
inline float getCmdLineArgumentFloat(int count, const char **arguments, const char *name)
{
    const char *value = anyroc_option(count, arguments, name);
    return value == nullptr ? 0 : static_cast<float>(atof(value));
}
inline bool getCmdLineArgumentString(int count, const char **arguments, const char *name,
                                     char **result)
{
    const char *value = anyroc_option(count, arguments, name);
    *result = const_cast<char *>(value);
    return value != nullptr;
}
template <typename T>
inline bool getCmdLineArgumentValue(int count, const char **arguments, const char *name, T *result)
{
    const char *value = anyroc_option(count, arguments, name);
    if (value != nullptr && *value != '\0')
        *result = static_cast<T>(atof(value));
    return value != nullptr;
}

/* The path of a file here, in ./data, or beside the program; a null pointer where there is none. */
inline char *sdkFindFilePath(const char *name, const char *program)
{
    std::string folder = program == nullptr ? "" : program;
    size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "" : folder.substr(0, slash + 1);
    const std::string places[] = {"", "data/", "../data/", "../../data/", folder, folder + "data/"};
    for (const std::string &place : places) {
        std::string path = place + name;
        if (FILE *file = fopen(path.c_str(), "rb")) {
            fclose(file);
            return strdup(path.c_str());
        }
    }
    return nullptr;
}
