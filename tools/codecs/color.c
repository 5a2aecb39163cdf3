/*
 * Converts colours to sRGB with Little CMS, through one profile for each instance. build.py compiles it.
 *
 * As Pillow's ImageCms does by default: perceptual intent, no flags, 8 bits in and out.
 */
#include <lcms2.h>
#include <stdlib.h>
#include <time.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static cmsHTRANSFORM transform;

/* There is no clock here. Little CMS dates the profiles that it creates, and fails without a date. */
time_t time(time_t *now) {
  if (now != NULL) *now = 0;
  return 0;
}

/* A place for bytes; 0 when there is no memory. */
EXPORT(place) void *place(size_t size) { return malloc(size); }

/* Opens a profile: 1 for grey, 3 for RGB, 4 for CMYK (255 is full ink, as Pillow has it); 0 for what cannot be used. */
EXPORT(open) int open_profile(const void *bytes, cmsUInt32Number length) {
  cmsHPROFILE from = cmsOpenProfileFromMem(bytes, length);
  if (from == NULL) return 0;
  cmsColorSpaceSignature space = cmsGetColorSpace(from);
  int channels = space == cmsSigGrayData ? 1 : space == cmsSigRgbData ? 3 : space == cmsSigCmykData ? 4 : 0;
  if (channels == 0) return 0;
  cmsUInt32Number type = channels == 1 ? TYPE_GRAY_8 : channels == 3 ? TYPE_RGB_8 : TYPE_CMYK_8;
  transform = cmsCreateTransform(from, type, cmsCreate_sRGBProfile(), TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
  return transform == NULL ? 0 : channels;
}

/* Converts pixels of 1, 3 or 4 bytes to RGB. */
EXPORT(convert) void convert(const void *in, void *out, cmsUInt32Number pixels) {
  cmsDoTransform(transform, in, out, pixels);
}
