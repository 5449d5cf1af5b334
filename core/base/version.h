/* version.h - of the whole project: every program prints it, every report carries it. */
#ifndef CORE_BASE_VERSION_H
#define CORE_BASE_VERSION_H

#define LINGUA_VERSION "0.1.0"

#endif
