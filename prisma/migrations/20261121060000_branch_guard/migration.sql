-- What was found around the gate of a promotion branch, so that a gate can say that nothing holds to it.
CREATE TABLE "branch_guard" (
    "repository_id" BIGINT NOT NULL,
    "branch" TEXT NOT NULL,
    "findings" JSONB NOT NULL,
    "read_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "branch_guard_pkey" PRIMARY KEY ("repository_id","branch")
);
