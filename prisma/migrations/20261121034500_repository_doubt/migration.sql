-- What is heard of a repository's place has no order of its own: where it contradicts the row, GitHub is asked.
ALTER TABLE "repository" ADD COLUMN "doubted_by" BIGINT;
ALTER TABLE "repository" ADD COLUMN "doubts" INTEGER NOT NULL DEFAULT 0;
