/*
 * Reads a JPEG with libjpeg-turbo, one for each instance, row by row, at a size of N eighths. build.py compiles it.
 *
 * As Pillow reads it: exact integer transform, smooth upsampling. CMYK comes as it is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/* Throws, so that nothing of this instance runs again: a text that ends with 0. */
__attribute__((import_module("host"), import_name("fail"))) _Noreturn void fail(const char *message);

static struct jpeg_decompress_struct jpeg;
static struct jpeg_error_mgr errors;
/* 1: the file ends before its end marker. 2: any other warning that means missing or wrong pixels. */
static int warned;

static void on_error(j_common_ptr any) {
  static char message[JMSG_LENGTH_MAX];
  errors.format_message(any, message);
  fail(message);
}

static void on_message(j_common_ptr any, int level) {
  (void)any;
  /* Bytes between segments, and an unknown number for the kind of colours, leave the pixels whole. */
  if (level >= 0 || errors.msg_code == JWRN_EXTRANEOUS_DATA || errors.msg_code == JWRN_ADOBE_XFORM) return;
  warned |= errors.msg_code == JWRN_JPEG_EOF ? 1 : 2;
}

/* A place for bytes; 0 when there is no memory. */
EXPORT(place) void *place(size_t size) { return malloc(size); }

/* Reads the header and starts; returns the bytes of a pixel: 1 (grey), 3 (RGB) or 4 (CMYK). */
EXPORT(open) int open_jpeg(const unsigned char *bytes, unsigned long length, unsigned eighths) {
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = on_error;
  errors.emit_message = on_message;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes, length);
  jpeg_read_header(&jpeg, TRUE);
  if (jpeg.data_precision != 8) fail("samples of more than 8 bits");
  jpeg.scale_num = eighths;
  jpeg.scale_denom = 8;
  jpeg_start_decompress(&jpeg);
  return jpeg.output_components;
}

EXPORT(stored_width) unsigned stored_width(void) { return jpeg.image_width; }
EXPORT(stored_height) unsigned stored_height(void) { return jpeg.image_height; }
EXPORT(width) unsigned width(void) { return jpeg.output_width; }
EXPORT(height) unsigned height(void) { return jpeg.output_height; }

/* Reads the next rows. */
EXPORT(rows) void rows(unsigned char *out, unsigned count) {
  size_t bytes = (size_t)jpeg.output_width * jpeg.output_components;
  for (; count > 0; count--, out += bytes) {
    JSAMPROW row = out;
    if (jpeg_read_scanlines(&jpeg, &row, 1) != 1) fail("a row is missing");
  }
}

/* Reads to the end; returns the sum of what warned, and 4 if the pixels come in several scans. */
EXPORT(finish) int finish(void) {
  int several = jpeg_has_multiple_scans(&jpeg) ? 4 : 0;
  jpeg_finish_decompress(&jpeg);
  return warned | several;
}
