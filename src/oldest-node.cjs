// Loaded before everything else by `npm start`, in a form that every Node reads: an older one only says of the server's
// first file that it does not know the extension ".ts".
const oldest = [22, 18]
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  process.stderr.write(
    `Portcullis cannot start: it needs Node ${oldest.join(".")} or newer, and this is ${process.versions.node}. ` +
      "`npm ci` (without --omit=dev) brings one that `npm start` finds.\n",
  )
  process.exit(1)
}
