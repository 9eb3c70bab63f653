/* A machine whose names cannot be resolved while a file is there: LD_PRELOAD this, and NAMES_DEAD names the file.
   Addresses in digits need no resolving and are left alone. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict found) {
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    const char *flag = getenv("NAMES_DEAD");
    if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && isalpha((unsigned char)node[0]) && flag && !access(flag, F_OK)) return EAI_AGAIN;
    return real(node, service, hints, found);
}
