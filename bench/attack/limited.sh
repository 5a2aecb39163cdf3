# Runs a command that may open few files: limited.sh DESCRIPTORS COMMAND…
ulimit -n "$1"
shift
exec "$@"
