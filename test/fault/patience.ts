/** Time for one test of this folder, in milliseconds: some play the path many times, and the machine may be busy. */
export const patienceMs = 300_000
