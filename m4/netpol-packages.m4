# SPDX-License-Identifier: Apache-2.0

# NETPOL_WANT_PKG(NAME, MODULE, DEBIAN-PACKAGE, WHAT-FOR)
# -------------------------------------------------------
# Sets NAME_CFLAGS and NAME_LIBS, and the conditional HAVE_NAME.
AC_DEFUN([NETPOL_WANT_PKG],
  [PKG_CHECK_MODULES([$1], [$2], [netpol_have_$1=yes],
     [netpol_have_$1="no ($2 is missing)"
      AC_MSG_WARN([$2 is missing (Debian package: $3), so no $4])])
   AM_CONDITIONAL([HAVE_$1], [test "$netpol_have_$1" = yes])])

# NETPOL_NEED_PKG(NAME, MODULE, DEBIAN-PACKAGE)
# ---------------------------------------------
# Sets NAME_CFLAGS and NAME_LIBS or stops, naming the package to install.
AC_DEFUN([NETPOL_NEED_PKG],
  [PKG_CHECK_MODULES([$1], [$2], [],
     [AC_MSG_ERROR([$2 is missing (Debian package: $3)])])])
