-- CreateTable
CREATE TABLE "landing_detail" (
    "run_id" UUID NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "data" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "landing_detail_pkey" PRIMARY KEY ("run_id")
);

-- CreateIndex
CREATE INDEX "landing_detail_at_idx" ON "landing_detail"("at");
