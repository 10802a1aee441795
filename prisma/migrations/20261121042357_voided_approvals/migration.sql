-- Approvals that were dismissed never count again, and each is of one base branch.
ALTER TABLE "promotion" ADD COLUMN "voided" TEXT[];

-- Both are what the ledger entries say.
UPDATE "promotion" AS p SET
  "voided" = ARRAY(
    SELECT e."body"::jsonb -> 'payload' ->> 'approval_id' FROM "ledger_entry" AS e
      WHERE e."run_id" = p."id" AND e."type" = 'approval_dismissed' ORDER BY e."seq"),
  "approvals" = coalesce(
    (SELECT jsonb_agg(a.one || jsonb_build_object('baseRef', coalesce(
        (SELECT e."body"::jsonb ->> 'branch' FROM "ledger_entry" AS e
          WHERE e."run_id" = p."id" AND e."type" = 'approved'
            AND e."body"::jsonb -> 'payload' ->> 'approval_id' = a.one ->> 'id'
          ORDER BY e."seq" DESC LIMIT 1),
        p."base_ref")) ORDER BY a.place)
      FROM jsonb_array_elements(p."approvals") WITH ORDINALITY AS a (one, place)),
    '[]');
