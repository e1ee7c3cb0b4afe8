# SPDX-License-Identifier: Apache-2.0

# NETPOL_TRY_FLAGS(VARIABLE, FLAGS, [IF-ACCEPTED], [IF-REFUSED])
# --------------------------------------------------------------
# Tries to compile and link a program with FLAGS, treating warnings as errors
# so that a compiler that merely ignores FLAGS counts as one that refuses.
AC_DEFUN([NETPOL_TRY_FLAGS],
  [AS_VAR_PUSHDEF([netpol_cv], [netpol_cv_flags_$2])
   AC_CACHE_CHECK([whether $CC accepts $2], [netpol_cv],
     [netpol_save_CFLAGS=$CFLAGS
      CFLAGS="$CFLAGS -Werror $2"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]],
                                      [[char s[64] = ""; return !!strlen(s);]])],
                     [AS_VAR_SET([netpol_cv], [yes])],
                     [AS_VAR_SET([netpol_cv], [no])])
      CFLAGS=$netpol_save_CFLAGS])
   AS_VAR_IF([netpol_cv], [yes], [$1="$$1 $2"
      $3], [:
      $4])
   AS_VAR_POPDEF([netpol_cv])])

# NETPOL_ENABLE_CFLAG(FLAGS)
# --------------------------
# Adds FLAGS to our own compiler flags if they are accepted.  The user's CFLAGS
# stay the user's.
AC_DEFUN([NETPOL_ENABLE_CFLAG],
  [AC_REQUIRE([NETPOL_FLAGS])NETPOL_TRY_FLAGS([NETPOL_CFLAGS], [$1])])

AC_DEFUN([NETPOL_FLAGS],
  [AC_SUBST([NETPOL_CFLAGS])
   AC_SUBST([NETPOL_LDFLAGS])])

# NETPOL_OPTIONS
# --------------
# The switches of configure that change how everything is compiled.
AC_DEFUN([NETPOL_OPTIONS],
  [AC_ARG_ENABLE([Werror],
     [AS_HELP_STRING([--enable-Werror], [treat warnings as errors])],
     [], [enable_Werror=no])
   AC_ARG_ENABLE([sanitizers],
     [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
        [compile with -fsanitize=LIST (default: address,undefined)])],
     [], [enable_sanitizers=no])
   AC_ARG_ENABLE([coverage],
     [AS_HELP_STRING([--enable-coverage], [count what the tests execute])],
     [], [enable_coverage=no])
   AC_ARG_ENABLE([fuzzer],
     [AS_HELP_STRING([--enable-fuzzer],
        [link the fuzz targets with libFuzzer (CC=clang)])],
     [], [enable_fuzzer=no])
   AS_VAR_IF([enable_sanitizers], [yes],
             [enable_sanitizers=address,undefined])
   AS_VAR_IF([enable_sanitizers], [no], [],
     [NETPOL_NEED_FLAGS([-fsanitize=$enable_sanitizers])
      NETPOL_NEED_FLAGS([-fno-sanitize-recover=all])
      NETPOL_ENABLE_CFLAG([-fno-omit-frame-pointer])])
   AS_VAR_IF([enable_coverage], [no], [], [NETPOL_NEED_FLAGS([--coverage])])
   AS_VAR_IF([enable_fuzzer], [no], [],
     [NETPOL_NEED_FLAGS([-fsanitize=fuzzer-no-link])])
   AM_CONDITIONAL([ENABLE_FUZZER], [test "$enable_fuzzer" != no])
   AM_CONDITIONAL([ENABLE_SANITIZERS], [test "$enable_sanitizers" != no])])

# NETPOL_NEED_FLAGS(FLAGS)
# ------------------------
# Adds FLAGS, which the user asked for, or stops.
AC_DEFUN([NETPOL_NEED_FLAGS],
  [AC_REQUIRE([NETPOL_FLAGS])dnl
   NETPOL_TRY_FLAGS([NETPOL_CFLAGS], [$1], [],
     [AC_MSG_ERROR([$CC does not accept $1])])])

# NETPOL_WARNINGS
# ---------------
AC_DEFUN([NETPOL_WARNINGS],
  [m4_foreach_w([flag],
     [-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
      -Wno-sign-compare -Wformat=2 -Wno-format-nonliteral -Wpointer-arith
      -Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes
      -Wmissing-declarations -Wcast-align
      -Wwrite-strings -Wshadow -Wswitch-bool -Wlogical-op -Wduplicated-cond
      -Wduplicated-branches -Wvla -Wundef
      -Wimplicit-fallthrough -Wmultistatement-macros],
     [NETPOL_ENABLE_CFLAG(m4_defn([flag]))])
   AS_VAR_IF([enable_Werror], [no], [], [NETPOL_NEED_FLAGS([-Werror])])])

# NETPOL_HARDENING
# ----------------
# Fortified libc calls need optimization, and hide from the sanitizers what
# they should see.
AC_DEFUN([NETPOL_HARDENING],
  [netpol_hardening=
   m4_foreach_w([flag],
     [-fstack-protector-strong -fstack-clash-protection -fcf-protection
      -fPIE],
     [NETPOL_HARDEN([NETPOL_CFLAGS], m4_defn([flag]))])
   m4_foreach_w([flag], [-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack],
     [NETPOL_HARDEN([NETPOL_LDFLAGS], m4_defn([flag]))])
   AS_CASE([" $CFLAGS /$enable_sanitizers"],
     [*" -O"[[123s]]*"/no"],
       [NETPOL_HARDEN([NETPOL_CFLAGS],
                      [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2])])])

AC_DEFUN([NETPOL_HARDEN],
  [AC_REQUIRE([NETPOL_FLAGS])NETPOL_TRY_FLAGS([$1], [$2],
     [netpol_hardening="$netpol_hardening $2"])])
