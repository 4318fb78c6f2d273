#!/usr/bin/env bash
# An issue at GitHub for each cell whose last night got worse than the one before. For the workflow `nightly.yml`:
#   regressions.sh FOLDER    with the artifacts of this night in FOLDER/evidence-*/results.json, and below
set -euo pipefail
shopt -s nullglob
now=$1
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
# What the latest earlier night has kept that came to an end at all; artifacts are named as in this one.
for earlier in $(gh run list --workflow nightly.yml --branch main --status completed --limit 10 --json databaseId --jq '.[].databaseId'); do
  if [ "$earlier" != "${GITHUB_RUN_ID:-}" ] && gh run download "$earlier" --pattern 'evidence-*' --dir "$before" 2> /dev/null; then break; fi
done
for results in "$now"/evidence-*/results.json "$now"/evidence-*/catalogue/results.json; do
  cell=${results#"$now/"}
  cell=${cell%/results.json}
  if [ ! -f "$before/$cell/results.json" ]; then echo "$cell: no night before"; continue; fi
  code=0
  slrspec gate "$results" --baseline "$before/$cell/results.json" --format markdown > "$before/$cell.md" || code=$?
  cat "$before/$cell.md"
  if [ "$code" -ne 1 ]; then continue; fi
  title="A rule got worse on AWS: ${cell#evidence-}"
  open=$(gh issue list --state open --search "in:title \"$title\"" --json number --jq '.[0].number // empty')
  if [ -n "$open" ]; then
    gh issue comment "$open" --body-file "$before/$cell.md"
  else
    gh issue create --title "$title" --body-file "$before/$cell.md"
  fi
done
