-- Pauses of one branch, and pauses that end by themselves.
ALTER TABLE "pause" ADD COLUMN "branch" TEXT,
ADD COLUMN "until" TIMESTAMPTZ(3);
