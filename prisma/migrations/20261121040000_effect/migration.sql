-- What is to be done on GitHub because of a decision, beside showing it.
CREATE TABLE "effect" (
    "repository_id" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "run_id" UUID NOT NULL,
    "deed" JSONB NOT NULL,
    "intended_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "outcome" JSONB,

    CONSTRAINT "effect_pkey" PRIMARY KEY ("repository_id","key")
);

-- CreateIndex
CREATE INDEX "effect_repository_id_number_idx" ON "effect"("repository_id", "number");
