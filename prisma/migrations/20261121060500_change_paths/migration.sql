-- Paths that a change is about, so that those who change the same files are found.
ALTER TABLE "change" ADD COLUMN "paths" TEXT[] NOT NULL DEFAULT '{}';

-- CreateIndex
CREATE INDEX "change_paths_idx" ON "change" USING GIN ("paths");
