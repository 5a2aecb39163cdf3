#!/usr/bin/env bash
# Explains a folder of images as a Slurm array: each task takes its part by SLURM_ARRAY_TASK_ID. One that is preempted or
# loses its node is requeued and continues; after another failure, `scontrol requeue JOB_TASK` does that.
#
#     sbatch --export=ALL,IMAGES=/data/photos,OUT=/data/explained deploy/slurm/explain_array.sh
#     ptame merge /data/explained
#
# IMAGES and OUT lie on a disk that all nodes have. PTAME is the program, with its options before the command.
#SBATCH --job-name=ptame
#SBATCH --array=0-7
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=ptame-%A_%a.log
set -euo pipefail
: "${IMAGES:?names the folder or list of the images}" "${OUT:?names the folder of the results}"
# In place of this shell, so that Slurm's SIGTERM reaches it: it finishes its images and ends.
# shellcheck disable=SC2086
exec ${PTAME:-ptame} explain "$IMAGES" --out "$OUT" --workers "${SLURM_CPUS_PER_TASK:-1}" ${PTAME_OPTIONS:-}
