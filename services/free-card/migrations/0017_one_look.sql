-- A yes or no about persons costs one statement and one transaction: the accesses are logged, then
-- what is kept of the accounts is found. No function of the database decides anything.

-- Under a tenant, as every transaction is. Every list of one kind is equally long.
CREATE FUNCTION exempt_find(
    tenant text, schemes text[], persons uuid[],
    -- The batch of accesses.
    instant timestamptz, chain uuid, place bigint, before bytea, own bytea, done text[],
    subjects uuid[], principals text[], callers text[], users text[], reasons text[],
    things text[], seen bigint[],
    OUT cover_schemes text[], OUT cover_subjects uuid[], OUT cover_versions bigint[],
    OUT cover_cards text[], OUT cover_texts text[], OUT known uuid[],
    OUT policy_hashes text[], OUT policy_starts date[])
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('hjm.tenant', tenant, true), set_config('hjm.principal', '*', true);
    INSERT INTO access_batch
        (tenant_id, chain_id, number, recorded_at, previous, hash, actions, subject_ids,
         principal_ids, clients, user_names, purposes, objects, versions)
    VALUES (tenant, chain, place, instant, before, own, done, subjects,
            principals, callers, users, reasons, things, seen);
    SELECT array_agg(s.scheme_id), array_agg(s.subject_id), array_agg(s.version),
           array_agg(s.cards::text), array_agg(s.texts)
      INTO cover_schemes, cover_subjects, cover_versions, cover_cards, cover_texts
      FROM unnest(schemes, persons) asked (scheme_id, subject_id),
           LATERAL (SELECT * FROM standing
                     WHERE tenant_id = tenant AND scheme_id = asked.scheme_id
                       AND subject_id = asked.subject_id OFFSET 0) s;
    SELECT array_agg(k.subject_id) INTO known
      FROM unnest(persons) asked (id),
           LATERAL (SELECT subject_id FROM known_subject
                     WHERE tenant_id = tenant AND subject_id = asked.id OFFSET 0) k;
    SELECT array_agg(hash ORDER BY policy_id, version),
           array_agg(active_from ORDER BY policy_id, version)
      INTO policy_hashes, policy_starts
      FROM followed_policy WHERE tenant_id = tenant;
END
$$;
